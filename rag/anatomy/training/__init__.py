"""Contrastive training of a small encoder on a collection's own passages, without labels and without a download."""

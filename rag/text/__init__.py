"""Analyze text without a model: tokens, sentences, languages, stems, numbers."""

"""Make exam questions by hand or with a model: choose chunks, draft questions, keep drafts until a person decides."""

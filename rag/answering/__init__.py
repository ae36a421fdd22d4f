"""Answer a question over passages: build the prompt, rewrite follow-ups, check sentences against sources."""

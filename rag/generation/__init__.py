"""Generate text: one interface for the built-in model, Ollama and OpenAI-compatible servers."""

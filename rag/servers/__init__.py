"""Talk to model servers: Ollama and any OpenAI-compatible server."""

"""Language models over HTTP: OpenAI's protocols, Anthropic's and Gemini's, through pydantic-ai's clients."""

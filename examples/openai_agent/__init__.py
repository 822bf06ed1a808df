"""An agent server that lets a language model speak: any endpoint with OpenAI's chat completions."""

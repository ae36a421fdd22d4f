"""References for multilingual-e5-small: texts in ten languages, and the engine of its package."""

"""The frame of every page: sidebar, check of the settings file, redirects from former addresses."""

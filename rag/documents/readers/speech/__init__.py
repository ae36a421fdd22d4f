"""Readers of what people said: subtitles, and exported chats."""

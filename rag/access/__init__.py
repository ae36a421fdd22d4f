"""Access: who uses the app, what they may change, and the locks that a shared address needs."""

"""Readers of mail: e-mail (EML), Outlook messages (MSG), mailboxes (MBOX) and web archives (MHTML)."""

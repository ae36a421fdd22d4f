"""Exams on several pages: judged passages, and the stored questions and runs."""

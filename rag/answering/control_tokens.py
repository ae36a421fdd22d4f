"""The signs by which answering models part the turns of a chat: made inert in text that others wrote.

A server writes system message, question and passages into one text and only then makes tokens of it, so "<|im_end|>"
in a document would end the question there. Which texts are such signs differs by model; here are the families' ways of
writing them, and those signs that are plain words in brackets.
"""

from __future__ import annotations

import re

_BRACKETED = (
    r"s|bos|eos|pad|unk|mask|start_of_turn|end_of_turn|start_of_image|end_of_image|image_soft_token|unused\d+"
    r"|think|tool_call|tool_response|tools|BOS_TOKEN|EOS_TOKEN|PAD_TOKEN|eoh|eoa|eot|eod|sop|sep"
    r"|repo_name|reponame|file_sep|filename|gh_stars|issue_start|issue_comment|issue_closed|commit_\w+"
    r"|jupyter_\w+|empty_output|fim_\w+|extra_id_\d+"
)
_SQUARE = r"INST|SYSTEM_PROMPT|AVAILABLE_TOOLS|TOOL_\w+|THINK|IMG|IMG_\w+|BOS|EOS|UNK|PAD|CLS|SEP|MASK|gMASK|sMASK"
_CONTROL = re.compile(
    r"<(?= *(?:[|\uff5c][^\s<>]{1,60}>"  # <|im_end|>, <|turn>, and with wide bars
    r"|[^\s<>|\uff5c]{1,60}[|\uff5c]>"  # <turn|>
    rf"|/?(?:{_BRACKETED})>|</?SYS>>))"
    rf"|\[(?= *(?:/?(?:{_SQUARE})\]|\|[^\s\[\]|]{{1,60}}\|\]))"  # [/INST], [|system|]
)


def inert(text: str) -> str:
    """The text with a space after the opening bracket of every control token, and otherwise as it was.

    One that already has spaces there gets one more, so that the original can be had back: take one space away.
    """
    return _CONTROL.sub(r"\g<0> ", text)

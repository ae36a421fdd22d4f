"""Control tokens: neutralize the markers with which models separate the turns of a chat in untrusted text.

A server joins system message, question and passages into one text before tokenizing it, so "<|im_end|>" in a document
would end the question there. The markers differ by model: this module knows how the model families write them, such as
"<|...|>", and the names of those that are plain words in brackets, such as "[INST]".
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
    r"<(?= *(?:[|\uff5c][^\s<>]{1,60}>"  # <|im_end|>, <|turn>, also with wide bars
    r"|[^\s<>|\uff5c]{1,60}[|\uff5c]>"  # <turn|>
    rf"|/?(?:{_BRACKETED})>|</?SYS>>))"
    rf"|\[(?= *(?:/?(?:{_SQUARE})\]|\|[^\s\[\]|]{{1,60}}\|\]))"  # [/INST], [|system|]
)


def inert(text: str) -> str:
    """Insert a space after the opening bracket of every control token; the rest of the text is unchanged.

    A token that already has spaces there gets one more, so the original can be restored by removing one space.
    """
    return _CONTROL.sub(r"\g<0> ", text)

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
    r"|jupyter_\w+|empty_output|fim_\w+|extra_id_\d+|reserved_\d+|SPECIAL_\d+|seed:\w+|escape|image|img|global-img"
    r"|ref|box|quad|PRE|SUF|MID|EOT|AI|用户"
    # A tag with an underscore is a marker, not HTML: <end_of_utterance>, <start_function_call>.
    r"|[A-Za-z]\w{0,30}_\w{1,40}"
)
_SQUARE = r"INST|SYSTEM_PROMPT|AVAILABLE_TOOLS|TOOL_\w+|THINK|IMG|IMG_\w+|BOS|EOS|EOT|UNK|PAD|CLS|SEP|MASK"
_SQUARE += r"|gMASK|sMASK|ARGS|CALL_ID|PREFIX|SUFFIX|MIDDLE|SETTINGS|MODEL_SETTINGS|BEGIN_OF_\w+|END_OF_\w+|USER|BOT"
_CONTROL = re.compile(
    r"<(?= *(?:[|\uff5c][^\s<>]{1,60}>"  # <|im_end|>, <|turn>, also with wide bars
    r"|[^\s<>|\uff5c]{1,60}[|\uff5c]>"  # <turn|>
    rf"|/?(?:{_BRACKETED})>|</?SYS>>))"
    rf"|\[(?= *(?:/?(?:{_SQUARE})\]|\|[^\s\[\]|]{{1,60}}\|\]))"  # [/INST], [|system|]
    r"|[\[\]](?= *(?:~!?[a-z][\[\]]|![a-z]~[\[\]]|[a-z]~\[))"  # ]~!b[, ]~b], ]!p~[, [e~[
)


def inert(text: str) -> str:
    """Insert a space after the opening bracket of every control token; the rest of the text is unchanged.

    A token that already has spaces there gets one more, so the original can be restored by removing one space.
    """
    return _CONTROL.sub(r"\g<0> ", text)

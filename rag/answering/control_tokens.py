"""Control tokens: neutralize the markers with which models separate the turns of a chat in untrusted text.

A server joins system message, question and passages into one text before tokenizing it, so "<|im_end|>" in a document
would end the question there. The markers differ by model: this module knows how the model families write them, such as
"<|...|>", and the names of those that are plain words in brackets, such as "[INST]".
"""

from __future__ import annotations

import re

# A tag with an underscore is a marker, not HTML: <end_of_utterance>, <_user>, <__media__>. But <size_t> is a C type.
_UNDERSCORED = r"(?!\w+_t>)(?:[A-Za-z]\w{0,30}_\w{1,40}|__?[a-z]\w{2,40})"
_NAMESPACED = rf"(?:[A-Za-z]\w{{0,20}}:)?(?:think|{_UNDERSCORED})(?::\w{{1,20}})?"  # <mm:think>, <think:opensource>
_TAGS = (
    r"s|bos|[se]o[a-z]|BOS|EOS|EOT|EOI|(?i:pad|unk|mask|sep|cls)|mask:\d+|unused\d+|reserved\d+|seed:\w+"
    r"|system|user|assistant|role|AI|用户|end|step|predict|instruction|escape|#\w{1,20}#"
    r"|thinking|thought|reflection|judge|answer|output|response|tools|functions|TOOLCALL"
    r"|reponame|REPO|filename|pr|PRE|SUF|MID|fim-\w+|AIX-SPAN-\w+|\[\w{1,30}[▁-][\w▁-]{1,60}\]"
    r"|(?:img|image|video|audio|frame)(?:pad|Patch)?|global-img|(?:Image|Speech)Here|slice|point|ref|box|quad"
    r"|loc\d{4}|seg\d{3}"
)
_SQUARE = (
    r"INST|SYSTEM_PROMPT|AVAILABLE_TOOLS|TOOL_\w+|THINK|ARGS|CALL_ID|SETTINGS|MODEL_SETTINGS|USER|BOT"
    r"|(?:BEGIN|END)_OF_\w+|(?:BEGIN|END) FINAL RESPONSE|(?:start|end)_header_id|PREFIX|SUFFIX|MIDDLE"
    r"|BOS|@BOS@|EOS|EOT|UNK|PAD|CLS|SEP|MASK|gMASK|sMASK|unused\d+|UNUSED_TOKEN_\d+|control_\d+|extra_id_\d+"
    r"|IMG|IMG_\w+|img-\d+|multimodal|AUDIO|BEGIN_AUDIO|TRANSCRIBE|STREAMING_(?:PAD|WORD)|(?:NEXT|REPEAT)_AUDIO_TEXT"
)
_CONTROL = re.compile(
    r"<(?= *(?:[|\uff5c][^\s<>]{1,60}>"  # <|im_end|>, <|turn>, also with wide bars
    r"|[^\s<>|\uff5c]{1,60}[|\uff5c]>"  # <turn|>
    rf"|/?(?:{_NAMESPACED}|{_TAGS})>|</?SYS>>"
    r"|/?(?:(?:function|param)(?![\w<(])|atem:[a-z])))"  # <function name="f">: there "<function" is one token
    rf"|\[(?= *(?:/?(?:{_SQUARE})\]|\|[^\s\[\]|]{{1,60}}\|\]))"  # [/INST], [|system|]
    r"|[\[\]](?= *(?:~!?[a-z][\[\]]|![a-z]~[\[\]]|[a-z]~\[))"  # ]~!b[, ]~b], ]!p~[, [e~[
    r"|\](?= *<\][^<>\[\]]{1,40}\[>\[)"  # ]<]minimax[>[
    r"|\u3008(?= *\|[^\s|]{1,60}\|\u3009)"  # <|EOS|> in wide angle brackets
    r"|\uff5c(?= *DSML\uff5c)"  # a token of its own inside a tag
    r"|>(?= *>[A-Z]{5,12}<<)"  # >>TITLE<<
    r"|\|(?= *(?:ENDOFTEXT|SPEAKER|NEWLINE)\|)"
)


def inert(text: str) -> str:
    """Insert a space after the opening bracket or bar of every control token; the rest of the text is unchanged.

    A token that already has spaces there gets one more, so the original can be restored by removing one space.
    """
    return _CONTROL.sub(r"\g<0> ", text)

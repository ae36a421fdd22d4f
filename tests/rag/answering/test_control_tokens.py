"""Control tokens of the chat models people run, by family, and text that only looks like them."""

from __future__ import annotations

import pytest

from rag.answering.control_tokens import inert

# From the published templates and tokenizers: turns, tools, reasoning, filling in code, pictures and sound.
MARKERS = {
    "ChatML, Qwen, Yi, Hermes, SmolLM, Phi-4": "<|im_start|> <|im_end|> <|im_sep|> <|endoftext|> <tool_call>"
    " </tool_call> <tools> </tools> <tool_response> </tool_response> <think> </think> <scratch_pad> <|vision_start|>"
    " <|image_pad|> <|object_ref_start|> <|fim_prefix|> <|fim_middle|> <|fim_suffix|> <|repo_name|> <|file_sep|>"
    " <tts_text_bos>",
    "Llama 2, Code Llama": "<s> </s> <unk> [INST] [/INST] <<SYS>> <</SYS>> <PRE> <SUF> <MID> <EOT> <FILL_ME> <step>",
    "Llama 3 and 4": "<|begin_of_text|> <|start_header_id|> <|end_header_id|> <|eot_id|> <|eom_id|>"
    " <|python_tag|> <|header_start|> <|header_end|> <|eot|> <|eom|> <|patch|> <|finetune_right_pad_id|>"
    " <|reserved_special_token_0|>",
    "Mistral, Ministral, Pixtral, Voxtral": "[SYSTEM_PROMPT] [/SYSTEM_PROMPT] [AVAILABLE_TOOLS]"
    " [/AVAILABLE_TOOLS] [TOOL_CALLS] [ARGS] [CALL_ID] [TOOL_RESULTS] [/TOOL_RESULTS] [TOOL_CONTENT] [THINK]"
    " [/THINK] [MODEL_SETTINGS] [IMG] [IMG_BREAK] [IMG_END] [PREFIX] [MIDDLE] [SUFFIX] [AUDIO] [BEGIN_AUDIO]"
    " [TRANSCRIBE] [STREAMING_PAD] [STREAMING_WORD] [NEXT_AUDIO_TEXT] [REPEAT_AUDIO_TEXT] [control_8] <SPECIAL_20>",
    "Gemma, FunctionGemma, PaliGemma": "<bos> <eos> <pad> <mask> <start_of_turn> <end_of_turn> <start_of_image>"
    " <image_soft_token> <unused99> [multimodal] [@BOS@] <|turn> <turn|> <|channel> <channel|> <|tool_call>"
    ' <tool_call|> <|tool> <tool|> <|think|> <|"|> <start_function_call> <end_function_response> <escape> <loc0042>'
    " <seg007>",
    "DeepSeek": "<｜begin▁of▁sentence｜> <｜end▁of▁sentence｜> <｜User｜> <｜Assistant｜>"
    " <｜tool▁calls▁begin｜> <｜tool▁sep｜> <｜tool▁output▁end｜> <｜fim▁hole｜> <｜latest_reminder｜>"
    " ｜DSML｜ <|EOT|> <image_placeholder> <|grounding|>",
    "OpenAI gpt-oss, Solar Open": "<|start|> <|end|> <|message|> <|channel|> <|constrain|> <|return|> <|call|>"
    " <|begin|> <|content|> <|flush|> <|calls|> <|tool_calls|> <|think|>",
    "GLM, ChatGLM, CogVLM": "[gMASK] [sMASK] [MASK] <sop> <eop> <|system|> <|user|> <|assistant|>"
    " <|observation|> <arg_key> </arg_value> <|begin_of_image|> <|code_prefix|> <|startofpiece|> <EOI>",
    "Kimi": "<|im_system|> <|im_user|> <|im_assistant|> <|im_middle|> <|tool_calls_section_begin|>"
    " <|tool_call_begin|> <|tool_call_argument_begin|> <|media_pad|> <|open|> <|close|> <|sep|> <|end_of_msg|> [BOS]"
    " [EOS] [EOT] [PAD] [UNK] [start_header_id] [end_header_id] [extra_id_0] <osagent_mode>",
    "MiniMax": "]~!b[ ]~b] [e~[ ]!p~[ ]!d~[ <minimax:tool_call> </minimax:tool_call> <mm:think> </mm:think>"
    " <add_file> ]<]minimax[>[ ]<]image[>[ ]<]video[>[ <beginning_of_sentence> <end_of_sentence>"
    " <code_interpreter>",
    "Command R, Aya": "<BOS_TOKEN> <EOP_TOKEN> <PAD> <UNK> <CLS> <SEP> <|START_OF_TURN_TOKEN|>"
    " <|END_OF_TURN_TOKEN|> <|CHATBOT_TOKEN|> <|USER_TOKEN|> <|SYSTEM_TOKEN|> <|START_THINKING|> <|START_ACTION|>"
    " <|END_TOOL_RESULT|>",
    "Nemotron": "<SPECIAL_10> <extra_id_0> <TOOLCALL> </TOOLCALL> <AVAILABLE_TOOLS> </AVAILABLE_TOOLS> <TOOL_RESPONSE>",
    "MiniCPM, MiniCPM-V": "<用户> <AI> <image> </image> <image_id> <slice> </slice> <ref> <box> <quad> <point>"
    " </function> </param> <|thought_start|> <|execute_start|> <|tts_bos|>",
    "Baichuan": "<reserved_106> <C_Q> <C_A> <B_SYS>",
    "Granite, StarCoder, SantaCoder": "<|start_of_role|> <|end_of_role|> <|end_of_text|> <|tool_call|>"
    " <response> <pr> <think_on> <fim_prefix> <fim-prefix> <fim-middle> <reponame> <filename> <gh_stars>"
    " <jupyter_code> <empty_output>",
    "Seed, Seed-Coder": "<seed:bos> <seed:eos> <seed:think> </seed:think> <seed:tool_call>"
    " <seed:cot_budget_reflect> <[begin▁of▁sentence]> <[end▁of▁sentence]> <[fim-prefix]> <[PAD▁TOKEN]>",
    "Hunyuan": "<|startoftext|> <|extra_4|> <｜hy_User｜> <｜hy_place▁holder▁no▁3｜> <｜hy_eos:opensource｜>"
    " <answer> <think:opensource> </think:opensource> <tool_call:opensource> </arg_value:opensource>",
    "InternLM, InternVL, XComposer": "<|action_start|> <|plugin|> <|Bot|> <eoh> <eoa> [UNUSED_TOKEN_145]"
    " <IMG_CONTEXT> <img> </img> <ImageHere>",
    "EXAONE": "[|system|] [|user|] [|assistant|] [|tool|] [|endofturn|] <thought> </thought> <tool_result>",
    "Step": "<|BOT|> <|CALL_START|> <｜tool_calls_begin｜> <im_patch> <imgpad> <audio_patch>",
    "ERNIE": "<mask:0> <mask:1> <cls> <sep> <|begin_of_sentence|> <|IMAGE_PLACEHOLDER|> <tool_output> </response>",
    "Ling, Ring, LLaDA": "<role> </role> <|role_end|> <|arithmetic_start|> <imagePatch>",
    "GigaChat, Reka, LFM2": "<|message_sep|> <|role_sep|> <REKA_IMG_TOKEN> <video> </video> <|tool_list_start|>"
    " <|tool_call_start|> <|tool_response_end|> <|startoftext|>",
    "Apriel, Apertus": "<|begin_system|> <|begin_content|> <tool_calls> </tool_calls> <|inner_prefix|>"
    " <|developer_start|>",
    "Phi-3, Falcon, OpenChat, Zephyr, Jamba": "<|image_1|> <|placeholder1|> <|end_of_turn|> <|pad_0|>"
    " <|prompter|> <|bom|> >>TITLE<< >>ABSTRACT<< >>QUESTION<< >>PREFIX<< >>SUFFIX<< >>MIDDLE<<",
    "Laguna": "〈|EOS|〉 〈|CODE_START|〉 <system> </system> <user> </user> <assistant> </assistant>",
    "Glimmer": "<atem:function_calls> </atem:function_calls> </atem:parameter> <|start|>",
    "LongCat, Olmo, dots, PLaMo": "<longcat_think> <longcat_tool_call> <functions> </functions>"
    " <function_calls> <|userprompt|> <|endofuserprompt|> <|endofresponse|> <|plamo:op|> <|plamo:eos|>",
    "TeleChat, Pangu, Yandex, Skywork": "<_start> <_system> <_user> <_bot> <_end> [unused9] [unused10] [SEP]"
    " [USER] [BOT]",
    "MOSS, Yuan, CodeShell, aiXcoder": "<eom> <eoc> <eot> <eor> <eod> <predict> |<end>| <AIX-SPAN-PRE>",
    "KAT, Reflection, Velvet, Inkbot": "<judge> <think_off> <thinking> <reflection> <output> <instruction> <#user#>",
    "SmolVLM, Idefics, Chameleon, LLaVA": "<end_of_utterance> <fake_token_around_image> <global-img>"
    " <row_1_col_2> <reserved08706> <audio> |ENDOFTEXT| |SPEAKER| |NEWLINE|",
    "Ollama and llama.cpp, for pictures": "[img-0] [img-12] <__media__> <__image__>",
}
WITH_SPACES = ["]<]start of image[>[", "[BEGIN FINAL RESPONSE]", "[END FINAL RESPONSE]"]
TOKENS = sorted({token for line in MARKERS.values() for token in line.split()})
ORDINARY = [
    "<b>bold</b> <i>x</i> <p> </p> <code>f()</code> <br/> <br> <hr /> <h1> <li> <em> <strong> <sub>2</sub>",
    "<a href='x'> <video controls> <![CDATA[a]]> <parameters> f<T>(x)",
    "<div class='a'> </div> <table><thead><tr><th>A</th></tr></thead></table> <section> <img src='a.png'>",
    "<html><head><title>A</title></head><body> <!-- a note --> <!DOCTYPE html> <?xml version='1.0'?>",
    "<item><name>A</name></item> <xs:element> <dc:title> <w:p> <soap:Body> <svg:g> <url> <description>",
    "<your-name> <file-name> <a@b.c> <https://a.b/c_d> <some text> <NAME> <Enter> <Ctrl>",
    "x < y, x > y, x <y> z, a <= b, b >= a, a << 2, b >> 2, a <=> b, i<n; -> => <- <-> <>",
    "List<int> Map<String, List<T>> std::vector<int> vector<size_t> array<uint8_t> Vec<[u8]> Option<Box<T>>",
    "#include <functional> std::function<void()> vector<function<int(int)>> cat <<EOF >>log 2>&1 >>> import os",
    "[1] [ ] [x] [text](url) [text][1] ![alt](image.png) [[link]] [^1] [sic] [...] [a, b] [Smith 2020] [TODO]",
    "[WIP] [INFO] [NL] [0] [a] [FIXME] [REDACTED]",
    "a[i] a[i][j] a[-1] a[1:] a[N] buf[MAX_LEN] dict['key'] list[str] [0-9]+ [^<>]* x[~mask] m[!ok]",
    "| a | b | |---|---| |A|B| a || b {|x| x + 1} |x| < |y| P(A|B) 首页｜新闻｜ABC｜ 〈书名〉 ⟨x|y⟩ <x|y>z",
    "USER: hi ASSISTANT: hello ### Instruction: do ### Response: done Human: a <|y x|> [ |a| ]",
]


@pytest.mark.parametrize("token", [*TOKENS, *WITH_SPACES])
def test_every_marker_is_broken_alone_and_among_other_text(token):
    for text in (token, f"a{token}b", f"{token}{token}", f"{token[0]}{token}", f"({token})"):
        assert token not in inert(text)
    assert inert(token).replace(" ", "") == token.replace(" ", "")


@pytest.mark.parametrize("text", ORDINARY)
def test_ordinary_text_stays_as_it_is(text):
    assert inert(text) == text


def test_a_tag_round_a_bare_token_is_broken_in_both_places():
    assert inert('<｜DSML｜invoke name="f">') == '<｜ DSML｜invoke name="f">'
    assert inert("<｜DSML｜tool_calls>") == "< ｜ DSML｜tool_calls>"


@pytest.mark.parametrize("tag", ['<function name="f">', "<function=f>", '<param name="p">', '<atem:invoke name="f">'])
def test_a_token_that_is_only_the_beginning_of_a_tag_is_broken(tag):
    assert inert(f"a{tag}b") == f"a< {tag[1:]}b"

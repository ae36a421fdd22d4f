"""Varied texts for counting tokens: languages, code, numbers, emoji, symbols."""

from __future__ import annotations

import base64
import hashlib
import json

from rag import config

TEXTS = {
    "german": (
        "Die Mitarbeiterinnen und Mitarbeiter müssen den Türcode am ersten Montag jedes ungeraden Monats ände"
        "rn. Außerdem gilt: Wer länger als zehn Tage verreist, benötigt eine schriftliche Genehmigung der Ges"
        "chäftsführung, die spätestens zwei Wochen vorher einzuholen ist. Übernachtungen werden bis zu 120,50"
        " Euro je Nacht erstattet, Verpflegungsmehraufwendungen nach den gesetzlichen Pauschalen. Für Rückfra"
        "gen steht die Personalabteilung im dritten Stock täglich von neun bis siebzehn Uhr zur Verfügung."
    ),
    "polish": (
        "Pracownicy muszą zmieniać kod do drzwi głównych w pierwszy poniedziałek każdego nieparzystego miesią"
        "ca. Każdy, kto podróżuje dłużej niż dziesięć dni, potrzebuje pisemnej zgody kierownictwa, złożonej n"
        "ajpóźniej dwa tygodnie wcześniej. Noclegi są zwracane do wysokości stu dwudziestu złotych za noc."
    ),
    "vietnamese": (
        "Nhân viên phải thay đổi mã cửa chính vào thứ hai đ"
        "ầu tiên của mỗi tháng lẻ. Người nào đi công tác qu"
        "á mười ngày cần có sự cho phép bằng văn bản của ba"
        "n giám đốc, xin trước ít nhất hai tuần. Chi phí kh"
        "ách sạn được hoàn trả tối đa một trăm hai mươi đồn"
        "g mỗi đêm."
    ),
    "russian": (
        "Сотрудники обязаны менять код входной двери в первый понедельник каждого нечётного месяца. Тот, кто "
        "уезжает в командировку более чем на десять дней, должен получить письменное разрешение руководства н"
        "е позднее чем за две недели до отъезда. Проживание в гостинице возмещается в размере до 120 рублей з"
        "а ночь, питание оплачивается по установленным нормам."
    ),
    "greek": (
        "Οι εργαζόμενοι πρέπει να αλλάζουν τον κωδικό της κεντρικής πόρτας την πρώτη Δευτέρα κάθε μονού μήνα."
        " Όποιος ταξιδεύει για περισσότερες από δέκα ημέρες χρειάζεται γραπτή άδεια από τη διοίκηση, τουλάχισ"
        "τον δύο εβδομάδες νωρίτερα."
    ),
    "chinese": (
        "员工必须在每个单月的第一个星期一更换大门的密码。出差超过十天的人员，需要事先获得管理层的书面批准，并"
        "且最迟应在出发前两周提出申请。住宿费用每晚最多报销一百二十元，餐费按照规定的标准支付。如有疑问，请在"
        "工作日上午九点到下午五点之间联系三楼的人事部门。"
    ),
    "rare chinese": "龘靐齉爨麤灪龖厵滟癵驫纞虋讟钃鸜麷鞻韽韾顟顠饙饡馫驡髗魕鱻鸝麣黲鼟齾龥籲爩鬱饢驪鸞灩躧",
    "japanese": (
        "社員は、奇数月の第一月曜日に正面玄関のドアコードを変更しなければなりません。十日以上出張する人は、遅"
        "くとも二週間前までに経営陣の書面による許可を得る必要があります。宿泊費は一泊につき最大一万二千円まで"
        "払い戻されます。ご不明な点がございましたら、三階の人事部までお問い合わせください。"
    ),
    "korean": (
        "직원은 홀수 달의 첫 번째 월요일마다 정문의 출입 코드를 변경해야 합니다. 열흘 이상 출장"
        "을 가는 사람은 늦어도 2주 전에 경영진의 서면 승인을 받아야 합니다. 숙박비는 하룻밤에 "
        "최대 12만 원까지 환급됩니다."
    ),
    "arabic": (
        "يجب على الموظفين تغيير رمز الباب الرئيسي في أول يوم اثنين من كل شهر فردي. ومن يسافر لأكثر من عشرة أي"
        "ام يحتاج إلى إذن كتابي من الإدارة قبل أسبوعين على الأقل. تُدفع تكاليف الإقامة حتى مئة وعشرين يورو لل"
        "يلة الواحدة."
    ),
    "hindi": (
        "कर्मचारियों को हर विषम महीने के पहले सोमवार को मुख्य द्वार का कोड बदलना होगा। जो व्यक्ति दस दिन से अ"
        "धिक यात्रा करता है, उसे कम से कम दो सप्ताह पहले प्रबंधन से लिखित अनुमति लेनी होगी।"
    ),
    "thai": (
        "พนักงานต้องเปลี่ยนรหัสประตูหลักในวันจันทร์แรกของทุกเดือนคี่ ผู้ที่เดินทางเกินสิบวันต้องได้รับอนุญาตเ"
        "ป็นลายลักษณ์อักษรจากฝ่ายบริหารอย่างน้อยสองสัปดาห์ล่วงหน้า"
    ),
    "emoji": ("🙂🎉🚀👍🏽👩‍👩‍👧‍👦🇩🇪🇫🇷🔥💡🧪📎✅❌⚠️🥷🏿🦤🪐🫠🫡 Great 🎊 work 🥳 team 👨🏾‍💻!"),
    "symbols": (
        "∀x∈ℝ: ∃y ≤ √(x²+1) ⇒ ∑ᵢ αᵢ·βᵢ ≈ ∫₀^∞ e^{−x} dx ≠ ∅"
        " ⊂ ℵ₀ ⟨ψ|φ⟩ ± 3½ ℃ № ™ © § ¶ † ‡ • … – — “ ” ‘ ’ «"
        " » ¿ ¡ → ← ↑ ↓ ■ □ ▲ ░ ▒ ▓"
    ),
    "code": (config.ROOT / "rag" / "runtime" / "artifacts.py").read_text("utf-8"),
    "brackets": "for(let i=0;i<a.length;i++){if(a[i]!==b[i]&&!c.has(a[i])){d[i]=(a[i]<<2)^0xFF;e.push({k:i});}}\n" * 4,
    "table": (config.SAMPLES / "handbook" / "error-codes.csv").read_text("utf-8")[:2000],
    "numbers": "\n".join(
        f"{i * 7919 % 10007},{i * 0.37391:.5f},2024-{i % 12 + 1:02d}-{i % 28 + 1:02d}" for i in range(40)
    ),
    "digits": "31415926535897932384626433832795028841971693993751" * 4,
    "base64": base64.b64encode(b"".join(hashlib.sha256(bytes([i])).digest() for i in range(12))).decode(),
    "json": json.dumps([{"id": i, "name": f"row {i}", "ok": i % 2 == 0, "none": None} for i in range(20)]),
    "addresses": (
        "https://example.com/a/b?c=d&e=f%20g#h C:\\Users\\x\\~tmp12.dat info@example.com +1-202-555-0143 10.0.0.1 "
    )
    * 3,
    "punctuation": "!@#$%^&*()_+-=[]{}|;':\",./<>?~`" * 5,
    "capitals": "EVERY EMPLOYEE MUST CHANGE THE DOOR CODE. ZXQJW KVBPT GHRNC QWERTYUIOP. " * 3,
    "rare words": "xylophagous borborygmus quixotry zenzizenzizenzic floccinaucinihilipilification syzygy zugzwang",
    "letters": "a b c d e f g h i j k l m n o p q r s t u v w x y z " * 3,
    "lines": "abc d\nbc d\nc d\n" * 25,
    "english": (
        "Every newcomer is looked after by a buddy for the first ten weeks. The buddy shows the building, explains who "
        "does what, and eats lunch with the newcomer at least twice a week. After ten weeks both write half a page."
    ),
}

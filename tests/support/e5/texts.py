"""Fifty short texts in ten languages, written for these tests: the same five subjects in each."""

from __future__ import annotations

TEXTS = {
    "en": [
        "The ferry leaves at half past six and needs two hours to the island.",
        "How long does bread dough have to rest before it goes into the oven?",
        "In 1969 the astronauts brought back 21.5 kg of stones from the Moon.",
        "Our office is closed on Fridays; please write to us instead.",
        "An owl hears a mouse under the snow, turns its head and flies off without a sound.",
    ],
    "de": [
        "Die Fähre legt um halb sieben ab und braucht zwei Stunden bis zur Insel.",
        "Wie lange muss der Brotteig ruhen, bevor er in den Ofen kommt?",
        "1969 brachten die Astronauten 21,5 kg Steine vom Mond zurück.",
        "Unser Büro ist freitags geschlossen; bitte schreiben Sie uns stattdessen.",
        "Eine Eule hört die Maus unter dem Schnee, dreht den Kopf und fliegt lautlos los.",
    ],
    "fr": [
        "Le ferry part à six heures et demie et met deux heures jusqu'à l'île.",
        "Combien de temps la pâte à pain doit-elle reposer avant d'aller au four ?",
        "En 1969, les astronautes ont rapporté 21,5 kg de pierres de la Lune.",
        "Notre bureau est fermé le vendredi ; écrivez-nous plutôt.",
        "Une chouette entend la souris sous la neige, tourne la tête et s'envole sans bruit.",
    ],
    "es": [
        "El transbordador sale a las seis y media y tarda dos horas en llegar a la isla.",
        "¿Cuánto tiempo debe reposar la masa del pan antes de entrar en el horno?",
        "En 1969 los astronautas trajeron de la Luna 21,5 kg de piedras.",
        "Nuestra oficina cierra los viernes; escríbanos, por favor.",
        "Un búho oye al ratón bajo la nieve, gira la cabeza y vuela sin ruido.",
    ],
    "ru": [
        "Паром отходит в половине седьмого и идёт до острова два часа.",
        "Сколько времени тесто для хлеба должно отдыхать перед печью?",
        "В 1969 году астронавты привезли с Луны 21,5 кг камней.",
        "Наш офис закрыт по пятницам; пожалуйста, напишите нам.",
        "Сова слышит мышь под снегом, поворачивает голову и бесшумно улетает.",
    ],
    "zh": [
        "渡轮六点半出发,到岛上需要两个小时。",
        "面包面团在放进烤箱之前要静置多久?",
        "1969年,宇航员从月球带回了21.5公斤石头。",
        "我们的办公室星期五不开门,请给我们写信。",
        "猫头鹰听到雪下的老鼠,转过头,无声地飞走了。",
    ],
    "ja": [
        "フェリーは六時半に出発し、島まで二時間かかります。",
        "パン生地はオーブンに入れる前に10～20分休ませますか。",
        "1969年、宇宙飛行士たちは月から21.5kgの石を持ち帰った。",
        "事務所は金曜日はお休みです。メールでお問い合わせください。",
        "ふくろうは雪の下のねずみの音を聞き、首を回して静かに飛び立つ。",
    ],
    "ar": [
        "تغادر العبارة في السادسة والنصف وتحتاج إلى ساعتين للوصول إلى الجزيرة.",
        "كم من الوقت يجب أن ترتاح عجينة الخبز قبل أن تدخل الفرن؟",
        "في عام 1969 أحضر رواد الفضاء 21.5 كيلوغراما من الحجارة من القمر.",
        "مكتبنا مغلق يوم الجمعة، نرجو أن تكتبوا إلينا.",
        "تسمع البومة الفأر تحت الثلج ثم تدير رأسها وتطير بلا صوت.",
    ],
    "hi": [
        "नाव साढ़े छह बजे निकलती है और द्वीप तक दो घंटे लेती है।",
        "ओवन में डालने से पहले रोटी का आटा कितनी देर रखना चाहिए?",
        "1969 में अंतरिक्ष यात्री चाँद से 21.5 किलो पत्थर लाए।",
        "हमारा दफ़्तर शुक्रवार को बंद रहता है; कृपया हमें लिखें।",
        "उल्लू बर्फ़ के नीचे चूहे की आवाज़ सुनता है और चुपचाप उड़ जाता है।",
    ],
    "tr": [
        "Feribot altı buçukta kalkıyor ve adaya iki saatte varıyor.",
        "Ekmek hamuru fırına girmeden önce ne kadar dinlenmeli?",
        "1969'da astronotlar Ay'dan 21,5 kg taş getirdi.",
        "Ofisimiz cuma günleri kapalıdır; lütfen bize yazın.",
        "Baykuş karın altındaki fareyi duyar, başını çevirir ve sessizce uçar.",
    ],
}
"""By ISO 639-1 code."""

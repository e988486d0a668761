#include "CLanguageDetector.h"

// The detector's header uses FILE without including its declaration.
#include <cstdio>

#include <cld2/public/compact_lang_det.h>
#include <cld2/public/encodings.h>

static_assert(sizeof(int) >= 4, "the library counts bytes in int");

namespace {

bool detect(const char *text, int length, language_detector_result *result) {
    const CLD2::CLDHints hints = {nullptr, nullptr, CLD2::UNKNOWN_ENCODING, CLD2::UNKNOWN_LANGUAGE};
    CLD2::Language languages[LANGUAGE_DETECTOR_CANDIDATES];
    int percents[LANGUAGE_DETECTOR_CANDIDATES];
    double scores[LANGUAGE_DETECTOR_CANDIDATES];
    int letter_bytes = 0;
    bool reliable = false;
    int valid_prefix = 0;
    CLD2::ExtDetectLanguageSummaryCheckUTF8(
        text, length, /* is_plain_text */ true, &hints, /* flags */ 0, languages, percents, scores,
        /* resultchunkvector */ nullptr, &letter_bytes, &reliable, &valid_prefix);
    if (valid_prefix < length) {
        return false;
    }
    result->reliable = reliable;
    result->letter_bytes = letter_bytes;
    for (int index = 0; index < LANGUAGE_DETECTOR_CANDIDATES; ++index) {
        if (languages[index] == CLD2::UNKNOWN_LANGUAGE || percents[index] <= 0) {
            continue;
        }
        language_detector_candidate &candidate = result->candidates[result->count++];
        candidate.code = CLD2::LanguageCode(languages[index]);
        candidate.name = CLD2::LanguageName(languages[index]);
        candidate.percent = percents[index];
    }
    if (languages[0] == CLD2::UNKNOWN_LANGUAGE) {
        result->reliable = false;
    }
    return true;
}

}  // namespace

extern "C" bool language_detector_detect(const char *text, size_t length, language_detector_result *result) {
    if (result == nullptr) {
        return false;
    }
    *result = language_detector_result{};
    for (language_detector_candidate &candidate : result->candidates) {
        candidate.code = "";
        candidate.name = "";
    }
    if (text == nullptr || length > LANGUAGE_DETECTOR_MAXIMUM_LENGTH) {
        return false;
    }
    try {
        return detect(text, static_cast<int>(length), result);
    } catch (...) {
        return false;
    }
}

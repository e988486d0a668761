#ifndef ORCHESTRATION_C_LANGUAGE_DETECTOR_H
#define ORCHESTRATION_C_LANGUAGE_DETECTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// The number of languages a detection can name.
#define LANGUAGE_DETECTOR_CANDIDATES 3

/// The longest text, in bytes, that `language_detector_detect` accepts (16 MiB).
#define LANGUAGE_DETECTOR_MAXIMUM_LENGTH (16 * 1024 * 1024)

/// One language found in a text. The strings are static data of the library: never free them.
typedef struct language_detector_candidate {
    /// The detector's language code, "en"; never NULL.
    const char *code;
    /// The detector's language name, "ENGLISH"; never NULL.
    const char *name;
    /// Share of the text's letters in this language, 0 to 100.
    int32_t percent;
} language_detector_candidate;

/// The outcome of one detection.
typedef struct language_detector_result {
    /// The languages found, the largest share first; only the first `count` are meaningful.
    language_detector_candidate candidates[LANGUAGE_DETECTOR_CANDIDATES];
    /// How many candidates were found, 0 to 3.
    int32_t count;
    /// Whether the detector holds the first candidate for clearly more probable than the next.
    bool reliable;
    /// How many bytes of letters the detector looked at.
    int32_t letter_bytes;
} language_detector_result;

/// Detects the languages of plain text with CLD2; re-entrant and safe on any thread.
///
/// `text` is UTF-8 without control characters; `length` excludes the padding: at least 8 readable bytes must follow the text, because
/// the library's scanners may look a few bytes ahead. Returns false, with an empty result, for a NULL pointer, a text that is too long
/// or not valid UTF-8, or when memory runs out.
bool language_detector_detect(const char *text, size_t length, language_detector_result *result);

#ifdef __cplusplus
}
#endif

#endif

import CLanguageDetector

/// The language a text is probably written in, by Compact Language Detector 2 (naive Bayes over letter quadgrams, 83 languages).
///
/// The detector reads the first ``sampleBytes`` bytes. Its verdict counts as reliable only from ``minimumLetterBytes`` bytes of letters on,
/// because on shorter texts it errs often and with confidence.
public struct LanguageGuess: Sendable, Hashable {
    /// One language and its share of the text.
    public struct Candidate: Sendable, Hashable {
        /// ISO 639-1 code where there is one, else ISO 639-2, with a script or region where the detector tells them apart: "en", "zh-Hant".
        public let code: String
        /// English name of the language: "English".
        public let name: String
        /// Share of the text's letters, 0 to 100.
        public let percent: Int
    }

    /// Code of the most probable language; "und" (ISO 639-2, undetermined) if none was found.
    public var code: String { self.candidates.first?.code ?? "und" }
    /// English name of the most probable language; "Unknown" if none was found.
    public var name: String { self.candidates.first?.name ?? "Unknown" }
    /// Share of the text's letters in the most probable language, 0 to 100; 0 if none was found.
    public var confidencePercent: Int { self.candidates.first?.percent ?? 0 }
    /// Whether the guess can be relied on: enough letters, and the first language clearly more probable than the second.
    public let isReliable: Bool
    /// Up to three languages, the largest share first.
    public let candidates: [Candidate]

    /// How many bytes of UTF-8 the detector reads at most: 64 KiB.
    public static let sampleBytes = 64 * 1024
    /// How many bytes of letters a reliable guess needs.
    public static let minimumLetterBytes = 24

    /// How well a method made for English fits the text.
    public var applicability: Applicability {
        if !self.isReliable {
            return .undetermined
        }
        return self.code == "en" ? .english : .otherLanguage(code: self.code, name: self.name)
    }

    /// Guesses the language of a text.
    ///
    /// - Parameter text: Any text; an empty one is undetermined.
    public init(of text: String) {
        let sample = TextLimits(maximumBytes: Self.sampleBytes).clip(text).text
        var bytes = Self.interchangeBytes(of: sample)
        let length = bytes.count
        bytes.append(contentsOf: repeatElement(0, count: 8))
        var result = language_detector_result()
        let isDetected = bytes.withUnsafeBytes { buffer in
            language_detector_detect(buffer.baseAddress?.assumingMemoryBound(to: CChar.self), length, &result)
        }
        guard isDetected else {
            self.isReliable = false
            self.candidates = []
            return
        }
        let all = [result.candidates.0, result.candidates.1, result.candidates.2]
        self.candidates = all.prefix(Int(result.count)).compactMap { candidate in
            let code = String(cString: candidate.code)
            // "xx-" and a script code is a script without a known language.
            guard !code.hasPrefix("xx-") else {
                return nil
            }
            return Candidate(code: Self.code(code), name: Self.name(String(cString: candidate.name)), percent: Int(candidate.percent))
        }
        self.isReliable = result.reliable && Int(result.letter_bytes) >= Self.minimumLetterBytes && !self.candidates.isEmpty
    }

    /// The text as UTF-8 with a space for each control character and noncharacter, which the detector refuses.
    private static func interchangeBytes(of text: String) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.utf8.count + 8)
        for scalar in text.unicodeScalars {
            let value = scalar.value
            let isControl = value < 0x20 || (0x7F...0x9F).contains(value)
            if isControl || value & 0xFFFE == 0xFFFE || (0xFDD0...0xFDEF).contains(value) {
                bytes.append(0x20)
            } else {
                bytes.append(contentsOf: UTF8.encode(scalar).map { Array($0) } ?? [])
            }
        }
        return bytes
    }

    /// Replaces the codes that ISO 639 has withdrawn.
    private static func code(_ code: String) -> String {
        switch code {
        case "iw": "he"
        case "jw": "jv"
        case "in": "id"
        case "ji": "yi"
        case "un": "und"
        default: code
        }
    }

    /// "HAITIAN_CREOLE" as "Haitian Creole".
    private static func name(_ name: String) -> String {
        switch name {
        case "Chinese": "Chinese (Simplified)"
        case "ChineseT": "Chinese (Traditional)"
        default:
            name.split(separator: "_").map { $0.prefix(1).uppercased() + $0.dropFirst().lowercased() }.joined(separator: " ")
        }
    }
}

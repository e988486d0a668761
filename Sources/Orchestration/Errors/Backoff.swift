/// The delay before another try: `base · factor^(attempt − 1)` seconds, without jitter (spec §1.4).
///
/// - Parameters:
///   - base: Delay after the first attempt, in seconds; a negative or non-finite one counts as 0.
///   - factor: Growth per attempt; a negative or non-finite one counts as 1.
///   - attempt: The attempt that failed, counted from 1; smaller numbers count as 1.
/// - Returns: Seconds, at most 86,400 (one day), so that whatever is configured the result can be turned into a date.
func backoffDelay(base: Double, factor: Double, attempt: Int) -> Double {
    let longest = 86_400.0
    let base = base.isFinite ? max(base, 0) : 0
    let factor = factor.isFinite && factor >= 0 ? factor : 1
    var delay = min(base, longest)
    guard attempt > 1, factor != 1 else { return delay }
    for _ in 1..<attempt {
        let next = min(delay * factor, longest)
        if next == delay { return delay }
        delay = next
    }
    return delay
}

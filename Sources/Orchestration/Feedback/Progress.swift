public import JSON

/// How far a run is.
public struct Progress: Sendable, Hashable {
    /// The part of the work, as a short name.
    public var stage: String
    /// The step that has begun, counted from 1.
    public var step: Int
    /// How many steps there are.
    public var total: Int
    /// For people.
    public var message: String
    /// Partial results or numbers.
    public var data: JSONObject

    /// Creates a report.
    public init(stage: String, step: Int, total: Int, message: String = "", data: JSONObject = JSONObject()) {
        self.stage = stage
        self.step = step
        self.total = total
        self.message = message
        self.data = data
    }
}

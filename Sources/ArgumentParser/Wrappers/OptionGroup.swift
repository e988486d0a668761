/// A property that is itself a set of arguments, shared by several commands.
@propertyWrapper
public struct OptionGroup<Value: ParsableArguments>: ArgumentGroupProvider {
    private var storage: ArgumentStorage<Value>
    let title: String

    /// Declares a group.
    ///
    /// - Parameter title: the heading of the group's options in the help; none puts them among the others.
    public init(title: String = "") {
        self.storage = ArgumentStorage(initial: Value())
        self.title = title
    }

    /// The group's arguments.
    public var wrappedValue: Value {
        get { self.storage.value(of: "@OptionGroup") }
        set {
            self.storage = ArgumentStorage(initial: newValue)
        }
    }

    var group: any ParsableArguments { self.wrappedValue }

    func validate() throws {
        var value = self.wrappedValue
        try value.validate()
        self.storage.store(value)
    }
}

// The storage is written while parsing only, before the arguments are handed out; assigning to the property replaces it.
extension OptionGroup: @unchecked Sendable where Value: Sendable {}  // written while parsing, before anybody shares it

/// What ``OptionGroup`` is for the parser, whatever the group's type.
protocol ArgumentGroupProvider {
    var title: String { get }
    var group: any ParsableArguments { get }
    func validate() throws
}

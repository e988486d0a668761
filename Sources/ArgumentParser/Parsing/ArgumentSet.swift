/// All arguments of a type, its groups' included, found by reflection over one instance of it.
struct ArgumentSet {
    /// A group's place in `definitions` and its check.
    struct Group {
        var range: Range<Int>
        var validate: () throws -> Void
    }

    private(set) var definitions: [ArgumentDefinition] = []
    /// Inner groups come before outer ones.
    private(set) var groups: [Group] = []

    /// Reflects over `instance`: setting a definition's value sets it in that instance.
    init(_ instance: any ParsableArguments) {
        self.add(instance, title: nil, configurable: nil)
    }

    private mutating func add(_ instance: any ParsableArguments, title: String?, configurable: (any ConfigurableArguments.Type)?) {
        let configurable = (type(of: instance) as? any ConfigurableArguments.Type) ?? configurable
        for child in Mirror(reflecting: instance).children {
            if let provider = child.value as? any ArgumentProvider {
                let label = child.label ?? ""
                var definition = provider.definition(forProperty: label.hasPrefix("_") ? String(label.dropFirst()) : label)
                definition.title = title
                if definition.kind != .positional { definition.configurable = configurable }
                self.definitions.append(definition)
            } else if let provider = child.value as? any ArgumentGroupProvider {
                let start = self.definitions.count
                self.add(provider.group, title: provider.title.isEmpty ? title : provider.title, configurable: configurable)
                self.groups.append(Group(range: start..<self.definitions.count, validate: provider.validate))
            }
        }
    }
}

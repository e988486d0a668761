public import JSON
public import Orchestration
import Wire

/// What orchestrators are told of single components, besides how probable they are as a choice.
extension PolicyTable {
    /// What the component's newest snapshot says; nil when there is none.
    public func knowledge(of component: ComponentID) -> ComponentKnowledge? {
        guard let snapshot = self.snapshot(of: component) else { return nil }
        return ComponentKnowledge(
            availability: snapshot.availability,
            health: snapshot.health,
            signals: snapshot.signals,
            policyVersion: snapshot.policyVersion,
            lastSignalAt: snapshot.lastSignalAt,
            details: snapshot.details
        )
    }

    /// What the learner that its owner has put first expects of the component in a situation; nil before the first signal, and for learners
    /// that cannot tell.
    ///
    /// The learner is read from the snapshot every time, which takes tens of microseconds.
    public func expectedReward(of component: ComponentID, in situation: JSONObject) -> Double? {
        guard let snapshot = self.snapshot(of: component), snapshot.signals > 0,
            let stored = snapshot.learners.keys.first.flatMap({ snapshot.learners[$0] }),
            let learner = try? LearnerState.decode(stored), learner.armCount == 1
        else { return nil }
        let features = FeatureVector.make(component.type, situation)
        guard learner.featureCount == 0 || learner.featureCount == features.count else { return nil }
        return learner.expectedReward(ofArm: 0, features: features)
    }
}

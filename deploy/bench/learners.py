#!/usr/bin/env python3
"""Compares the fleet's learners with MABWiser and Vowpal Wabbit on the very same contexts and rewards.

    deploy/bench/learners.py [--fleet .build/release/fleet] [--seeds 20] [--rounds 2000] [--problem NAME]... [--json]

Draws problems, lets every learner choose in them round after round, and prints the regret: what the best arm would have earned more, in
expectation, summed over the rounds; mean ± standard error over the seeds. The fleet's learners are driven through
`fleet bench learners --stdio`. MABWiser and Vowpal Wabbit are used when Python has them (pip install mabwiser vowpalwabbit); nothing is
installed. Problems: bernoulli (10 arms), linear (5 arms, a constant and 5 normal features), changing (5 Bernoulli arms that change places
half way).
"""
import argparse
import json
import math
import pathlib
import random
import subprocess
import sys
import warnings

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
ARMS = {"bernoulli": 10, "linear": 5, "changing": 5}


def draw(problem, seed, rounds):
    """A problem: for each round (x, each arm's expected reward, each arm's reward); x begins with a constant 1."""
    source = random.Random(f"{problem}-{seed}")
    arms = ARMS[problem]
    if problem == "linear":
        thetas = []
        for _ in range(arms):
            theta = [source.gauss(0, 1) for _ in range(5)]
            length = math.sqrt(sum(t * t for t in theta))
            thetas.append([t / length for t in theta])
        for _ in range(rounds):
            z = [source.gauss(0, 1) for _ in range(5)]
            means = [0.5 + 0.25 * sum(t * v for t, v in zip(theta, z)) for theta in thetas]
            noise = source.gauss(0, 0.1)
            yield [1.0] + z, means, [mean + noise for mean in means]
        return
    chances = [source.random() for _ in range(arms)]
    for index in range(rounds):
        if problem == "changing" and index == rounds // 2:
            chances = chances[-1:] + chances[:-1]
        luck = source.random()
        yield [1.0], list(chances), [1.0 if luck < chance else 0.0 for chance in chances]


class Fleet:
    """One learner of the fleet, behind a pipe."""

    def __init__(self, command, algorithm, arms, features, seed):
        self.process = subprocess.Popen(
            [command, "bench", "learners", "--stdio", algorithm, "--seed", str(seed), "--no-bias"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1,
        )
        self.arms, self.round = arms, 0

    def choose(self, x):
        self.round += 1
        print(json.dumps({"x": x, "arms": self.arms, "round": self.round}), file=self.process.stdin, flush=True)
        return json.loads(self.process.stdout.readline())["arm"]

    def learn(self, x, arm, reward):
        print(json.dumps({"reward": reward, "round": self.round}), file=self.process.stdin)

    def close(self):
        self.process.stdin.close()
        self.process.stdout.close()
        if self.process.wait() != 0:
            sys.exit("fleet bench learners --stdio failed")


class MABWiser:
    """One learner of MABWiser, which has to be fitted before it chooses: every arm is tried once first."""

    def __init__(self, policy, is_contextual, arms, features, seed):
        from mabwiser.mab import MAB

        self.bandit = MAB(list(range(arms)), policy, seed=seed)
        self.arms, self.is_contextual, self.log = arms, is_contextual, []

    def choose(self, x):
        if len(self.log) < self.arms:
            return len(self.log)
        return self.bandit.predict([x]) if self.is_contextual else self.bandit.predict()

    def learn(self, x, arm, reward):
        if len(self.log) < self.arms:
            self.log.append((arm, reward, x))
            if len(self.log) == self.arms:
                self.give(self.bandit.fit, self.log)
        else:
            self.give(self.bandit.partial_fit, [(arm, reward, x)])

    def give(self, call, rows):
        arms, rewards, contexts = (list(column) for column in zip(*rows))
        call(arms, rewards, contexts) if self.is_contextual else call(arms, rewards)

    def close(self):
        pass


class VowpalWabbit:
    """One learner of Vowpal Wabbit; it adds a constant by itself. Costs are 1 − reward."""

    def __init__(self, options, arms, features, seed):
        from vowpalwabbit import Workspace

        self.is_adf = "adf" in options
        self.arms = arms
        self.random = random.Random(seed)
        self.workspace = Workspace(f"--quiet --random_seed {seed} " + options.format(arms=arms))

    def text(self, x, label=None):
        context = " ".join(f"f{index}:{value}" for index, value in enumerate(x) if index > 0)
        if not self.is_adf:
            return f"{label or ''} | {context}"
        lines = ["shared |s c " + context]
        for arm in range(self.arms):
            is_chosen = label is not None and label.startswith(f"{arm + 1}:")
            lines.append((f"0{label[label.index(':'):]} " if is_chosen else "") + f"|a arm{arm}")
        return lines

    def choose(self, x):
        probabilities = self.workspace.predict(self.text(x))
        draw, total = self.random.random() * sum(probabilities), 0.0
        for arm, probability in enumerate(probabilities):
            total += probability
            if draw < total:
                break
        self.probability = probability
        return arm

    def learn(self, x, arm, reward):
        self.workspace.learn(self.text(x, f"{arm + 1}:{1 - reward}:{self.probability}"))

    def close(self):
        self.workspace.finish()


def contestants(problem, command, missing):
    """(family, name, maker) of every learner that fits the problem; families are what may be compared."""
    families = {
        "ε-greedy": ["epsilon_greedy"],
        "UCB": ["ucb1", "ucb1_tuned", "ucb2", "ucb_normal", "ucb_bernstein", "ucb_discounted"],
        "Thompson": ["thompson", "thompson_discounted"],
        "LinUCB": ["lin_ucb", "lin_ucb_diagonal"],
        "LinTS": ["lin_ts", "lin_ts_diagonal"],
        "doubly robust": ["doubly_robust"],
        "tree": ["offset_tree"],
    }
    if problem == "linear":
        families = {name: families[name] for name in ["LinUCB", "LinTS", "doubly robust", "tree"]}
    else:
        families = {name: families[name] for name in ["ε-greedy", "UCB", "Thompson"]}
    result = []
    for family, algorithms in families.items():
        for algorithm in algorithms:
            result.append((family, f"fleet {algorithm}", lambda *a, algorithm=algorithm: Fleet(command, algorithm, *a)))
    if "mabwiser" not in missing:
        from mabwiser.mab import LearningPolicy as Policy

        for family, name, policy in [
            ("ε-greedy", "EpsilonGreedy(.1)", Policy.EpsilonGreedy(0.1)),
            ("UCB", "UCB1(1)", Policy.UCB1(1)),
            ("Thompson", "ThompsonSampling", Policy.ThompsonSampling()),
            ("LinUCB", "LinUCB(.8)", Policy.LinUCB(0.8)),
            ("LinTS", "LinTS(.5)", Policy.LinTS(0.5)),
        ]:
            if family in families:
                is_contextual = problem == "linear"
                result.append((family, f"MABWiser {name}", lambda *a, p=policy, c=is_contextual: MABWiser(p, c, *a)))
    if "vowpalwabbit" not in missing:
        for family, options in [
            ("ε-greedy", "--cb_explore {arms} --epsilon 0.1 --cb_type ips"),
            ("doubly robust", "--cb_explore {arms} --epsilon 0.1 --cb_type dr"),
            ("LinUCB", "--cb_explore_adf --regcbopt --mellowness 0.01 -q sa"),
            ("LinTS", "--cb_explore {arms} --bag 5"),
            ("doubly robust", "--cb_explore_adf --squarecb -q sa"),
        ]:
            if family in families:
                name = options.replace("{arms}", "K").replace("--", "")
                result.append((family, f"VW {name}", lambda *a, options=options: VowpalWabbit(options, *a)))
    order = list(families)
    return sorted(result, key=lambda entry: order.index(entry[0]))


def play(maker, problem, seed, rounds):
    regret = 0.0
    learner = maker(ARMS[problem], 6 if problem == "linear" else 1, seed)
    for x, means, rewards in draw(problem, seed, rounds):
        arm = learner.choose(x)
        regret += max(means) - means[arm]
        learner.learn(x, arm, rewards[arm])
    learner.close()
    return regret


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--fleet", default=str(ROOT / ".build/release/fleet"), help="the built tool")
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=2_000)
    parser.add_argument("--problem", action="append", choices=list(ARMS))
    parser.add_argument("--json", action="store_true", help="one line of JSON for each problem and learner")
    options = parser.parse_args()
    if not pathlib.Path(options.fleet).is_file():
        sys.exit(f"There is no {options.fleet}: build it with swift build -c release, or name it with --fleet.")
    missing = []
    for package in ["mabwiser", "vowpalwabbit"]:
        try:
            __import__(package)
        except ImportError:
            missing.append(package)
            print(f"{package} is missing and left out: pip install {package}", file=sys.stderr)
    warnings.simplefilter("ignore")
    for problem in options.problem or ARMS:
        if not options.json:
            print(f"{problem}, {options.rounds} rounds, {options.seeds} seeds", flush=True)
        for family, name, maker in contestants(problem, options.fleet, missing):
            regrets = [play(maker, problem, seed, options.rounds) for seed in range(1, options.seeds + 1)]
            mean = sum(regrets) / len(regrets)
            error = math.sqrt(sum((r - mean) ** 2 for r in regrets) / max(1, len(regrets) - 1) / len(regrets))
            if options.json:
                print(json.dumps({"problem": problem, "family": family, "learner": name, "regret": mean, "standard_error": error}), flush=True)
            else:
                print(f"  {family:14}{name:58}{mean:8.1f} ± {error:.1f}", flush=True)


if __name__ == "__main__":
    main()

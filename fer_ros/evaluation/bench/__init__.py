"""How long everything takes: the chain, each room, peers on the same frames, start-up."""

from fer_ros.evaluation.bench.run import BenchPlan, bench, headline

__all__ = ['BenchPlan', 'bench', 'headline']

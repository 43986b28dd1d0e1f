// Two machines at a time: each keeps one processor busy, and most have no more than two.
[assembly: Xunit.v3.Parallelization(MaxThreads = 2)]

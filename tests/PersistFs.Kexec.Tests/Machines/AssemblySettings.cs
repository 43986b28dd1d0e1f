// One machine at a time: each is a processor's worth of load, and other tests run beside these.
[assembly: CollectionBehavior(DisableTestParallelization = true)]

using PersistFs.Cli;
using PersistFs.Server.Supervision;

// A supervisor lives as long as its mount and does little: it never sees the parser, the host or the tables.
if (args is [SupervisorArguments.Verb, ..]) return (int)KeepVerb.Run(args);
return MountHelper.IsCalled() ? (int)MountHelper.Run(args) : (int)CommandLine.Run(args);

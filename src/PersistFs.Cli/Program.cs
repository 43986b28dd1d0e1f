using PersistFs.Cli;
using PersistFs.Server.Keeping;

// A keeper lives as long as its mount and does little: it never sees the parser, the host or the tables.
if (args is [KeeperArguments.Verb, ..]) return (int)KeepVerb.Run(args);
// mount(8) runs the program as mount.fuse.persistfs; only the name of the command tells.
bool isMountHelper = Path.GetFileName(Environment.GetCommandLineArgs()[0])
    .StartsWith("mount.", StringComparison.Ordinal);
return isMountHelper ? (int)MountHelper.Run(args) : (int)CommandLine.Run(args);

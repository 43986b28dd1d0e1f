using PersistFs.Cli;

// mount(8) runs the program as mount.fuse.persistfs; only the name of the command tells.
bool isMountHelper = Path.GetFileName(Environment.GetCommandLineArgs()[0]).StartsWith("mount.", StringComparison.Ordinal);
return isMountHelper ? (int)MountHelper.Run(args) : (int)CommandLine.Run(args);

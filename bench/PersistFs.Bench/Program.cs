using BenchmarkDotNet.Running;
using PersistFs.Bench.Mount;

// "figures", "pauses", "images" and "kexec" measure the shipped program as a whole; anything else goes to
// BenchmarkDotNet.
if (args is ["images", ..]) return ImageFigures.Run(args.AsSpan(1));
if (args is ["kexec", ..]) return KexecFigures.Run(args.AsSpan(1));
if (args is ["pauses", ..]) return PauseFigures.Run(args.AsSpan(1));
if (args is ["figures", ..]) return Figures.Run(args.AsSpan(1));
BenchmarkSwitcher.FromAssembly(typeof(Figures).Assembly).Run(args);
return 0;

namespace PersistFs.Server.Kexec;

/// <summary>What of the next kernel can be seen from here, told as notes.</summary>
internal static class KexecAdvice
{
    /// <summary>What an operator may want to know before a kexec by this route.</summary>
    public static IReadOnlyList<string> For(KexecRoute route)
    {
        List<string> notes = [];
        switch (KexecKernel.IsLoaded())
        {
            case null:
                notes.Add("this kernel cannot start another one by kexec (no /sys/kernel/kexec_loaded)");
                return notes;

            case false:
                notes.Add("no kernel is loaded yet: use --load KERNEL --initrd FILE, or kexec -s -l --reuse-cmdline");
                break;
        }
        if (KexecKernel.FindOwn() is { } own) AddMissing(notes, new KernelCommandLine(own.CommandLine));
        else if (KexecKernel.IsLoaded() == true) AddUnseen(notes, route);
        return notes;
    }

    private static void AddMissing(List<string> notes, KernelCommandLine next)
    {
        foreach (string parameter in Missing(KernelCommandLine.Running, next))
        {
            notes.Add($"the kernel that is loaded will not have {parameter}: load it anew with --load");
        }
    }

    /// <summary>Parameters that keep memory and are not on the next kernel's command line.</summary>
    internal static IEnumerable<string> Missing(KernelCommandLine running, KernelCommandLine next) =>
        running.Preserving().Except(next.Preserving());

    private static void AddUnseen(List<string> notes, KexecRoute route)
    {
        string wanted = string.Join(' ', KernelCommandLine.Running.Preserving());
        if (wanted.Length > 0)
        {
            notes.Add($"another program has loaded the kernel: its command line, not seen here, has to have {wanted}");
        }
        if (route == KexecRoute.LiveUpdate)
        {
            notes.Add("only kexec_file_load hands memory over: kexec -s; what kexec -c has loaded would lose the tree");
        }
    }
}

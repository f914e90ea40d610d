namespace Callwatch;

/// <summary>Why the server will not start: a closed family, each in one line that names the setting and the cure. The command ends with exit code 2, or 1 where it may pass.</summary>
public abstract record StartRefusal(string Line)
{
    /// <summary>Whether another start may find it mended by itself.</summary>
    public virtual bool MayPass => false;

    /// <summary>A setting holds what it must not; <paramref name="Key"/> is its full name (<c>Callwatch:Http:GrpcPort</c>), <paramref name="Cure"/> a sentence.</summary>
    public sealed record BadSetting(string Key, string Problem, string Cure)
        : StartRefusal($"{Key} {Problem}. {Cure}");

    /// <summary>Options validation has its own words, which name the key already.</summary>
    public sealed record InvalidSettings(IReadOnlyList<string> Failures)
        : StartRefusal(string.Join(" ", Failures.Select(failure => failure.ReplaceLineEndings(" ").TrimEnd('.') + ".")));

    public sealed record PortInUse(string Address, string Flag)
        : StartRefusal($"{Address} is in use by another program. Choose another with {Flag}.");

    public sealed record CannotListen(string Address, string Reason, string Flag)
        : StartRefusal($"Cannot listen on {Address}: {Reason}. Choose another with {Flag}.");

    public sealed record DataUnwritable(string Folder, string Reason)
        : StartRefusal($"The data folder {Folder} cannot be written ({Reason}). Make it writable or choose another with --data (Callwatch:Data).");

    public sealed record DataLocked(string Folder)
        : StartRefusal($"The data folder {Folder} is in use by another callwatch. Stop that one or choose another folder with --data (Callwatch:Data).");

    /// <summary><paramref name="Part"/> says what is newer: <c>the folder</c>, <c>journal</c>, <c>store</c>, <c>control.db</c>.</summary>
    public sealed record DataNewer(string Folder, string Part, long Format, long Known)
        : StartRefusal($"The data folder {Folder} was written by a newer callwatch ({Part} has format {Format}, this program knows {Known}). Update the program or choose another folder with --data (Callwatch:Data).");

    /// <summary>Something in the folder is not what it was left as: not this user's, another thing of that name, a link to nothing.</summary>
    public sealed record DataUnusable(string Folder, string Reason)
        : StartRefusal($"The data folder {Folder} cannot be used: {Reason}. The user that callwatch runs as must be able to read and write all in it (chown -R USER {Folder}), and nothing in it may be moved or exchanged.");

    /// <summary>The disk has no room or fails, or another program holds a file for long.</summary>
    public sealed record DataNotNow(string Folder, string Reason)
        : StartRefusal($"The data folder {Folder} cannot be used now: {Reason}. See that its disk has room and is sound and that no other program holds its files, and start again.")
    {
        public override bool MayPass => true;
    }

    /// <summary>The process may not have as many files open as a start needs.</summary>
    public sealed record TooFewFiles()
        : StartRefusal("This process may not have enough files open. Give it 1,024 or more (ulimit -n; LimitNOFILE of a systemd unit).");

    /// <summary>A restore into it has begun and not ended.</summary>
    public sealed record DataHalfRestored(string Folder)
        : StartRefusal($"The data folder {Folder} holds a restore that was not finished. Run it again (callwatch restore BACKUP --data {Folder}) or choose another folder with --data (Callwatch:Data).");

    /// <summary>Something in the data folder is damaged or missing so that nothing can be kept safely.</summary>
    public sealed record DataUnreadable(string Folder, string Part, string Reason)
        : StartRefusal($"{Part} in the data folder {Folder} cannot be read ({Reason}). Restore it from a backup or choose another folder with --data (Callwatch:Data).");
}

/// <summary>Carries a <see cref="StartRefusal"/> out of the making of a stage; nothing but the start throws it.</summary>
public sealed class StartRefusedException(StartRefusal refusal) : Exception(refusal.Line)
{
    public StartRefusal Refusal { get; } = refusal;
}

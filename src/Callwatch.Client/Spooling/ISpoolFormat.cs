namespace Callwatch.Client.Spooling;

/// <summary>Why something kept was lost.</summary>
internal enum SpoolLoss
{
    /// <summary>It was the oldest, and room was needed.</summary>
    Full,

    /// <summary>Its file is not what it should be.</summary>
    Unreadable,
}

/// <summary>What is kept in a <see cref="Spool{T}"/>: how it lies in its file, and what it means to lose one.</summary>
internal interface ISpoolFormat<T>
    where T : class
{
    /// <summary>What a file's name has after its number and a dot, <c>records.json</c> for instance; it stays what it is over versions.</summary>
    string EndingOf(T item);

    /// <summary>Whether files with this ending are ours; others in the folder are left alone.</summary>
    bool Knows(string ending);

    byte[] Write(T item);

    /// <summary>Null for what is not whole; whatever the bytes are, it does not throw.</summary>
    T? Read(byte[] kept, string ending);

    /// <summary>How much is lost with it.</summary>
    int CountOf(T item);

    void Lost(SpoolLoss why, string ending, int count);

    /// <summary>The folder cannot be used, for now or at all.</summary>
    void Unusable(Exception why);
}

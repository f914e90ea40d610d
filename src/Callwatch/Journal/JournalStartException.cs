namespace Callwatch.Journal;

/// <summary>The journal cannot be opened; the message is one line that names the folder and the cure.</summary>
public class JournalStartException : Exception
{
    public JournalStartException(string message, Exception? inner = null)
        : base(message, inner)
    {
    }
}

/// <summary>Another process has this journal open.</summary>
public sealed class JournalLockedException(string message, Exception? inner = null) : JournalStartException(message, inner);

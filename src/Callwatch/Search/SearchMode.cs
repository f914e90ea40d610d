namespace Callwatch.Search;

/// <summary>What the full-text index takes of each call.</summary>
public enum SearchMode
{
    /// <summary>What is new in it: its output, and messages not yet seen in its session.</summary>
    New,

    /// <summary>All of its text, up to a bound.</summary>
    Full,

    /// <summary>Nothing is indexed; text is looked for in names, previews and error texts.</summary>
    Off,
}

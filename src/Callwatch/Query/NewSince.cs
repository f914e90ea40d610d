namespace Callwatch.Query;

/// <summary>Only failures that came with a release or a version of a prompt, or with a later one: what matters is what the first call of all that failed so was made by.</summary>
public abstract record NewSince
{
    private const string ReleaseWord = "release:", PromptWord = "prompt:";

    private NewSince()
    {
    }

    /// <summary>A release, or one that began later.</summary>
    public sealed record Release(string Name) : NewSince
    {
        public override string ToString() => ReleaseWord + Name;
    }

    /// <summary>A version of a prompt, or a higher one. <c>Name</c> is "" for versions of no named prompt.</summary>
    public sealed record Prompt(string Name, string Version) : NewSince
    {
        public override string ToString() => $"{PromptWord}{Name}@{Version}";
    }

    /// <summary><c>release:1.4.2</c> or <c>prompt:greeting@7</c>; null where it is neither.</summary>
    public static NewSince? Read(string? text)
    {
        if (text is null) return null;
        if (text.StartsWith(ReleaseWord, StringComparison.Ordinal)) return text.Length > ReleaseWord.Length ? new Release(text[ReleaseWord.Length..]) : null;
        if (!text.StartsWith(PromptWord, StringComparison.Ordinal)) return null;
        var at = text.LastIndexOf('@');
        return at >= PromptWord.Length && at < text.Length - 1 ? new Prompt(text[PromptWord.Length..at], text[(at + 1)..]) : null;
    }

    /// <param name="newestFirst">The releases there are, in their order; what is not among them is older than all that are.</param>
    internal bool Includes(ErrorOrigin first, IReadOnlyList<string> newestFirst) => this switch
    {
        Release release => first.Release is { } with && (with == release.Name || IsLater(with, release.Name, newestFirst)),
        Prompt prompt => first.PromptVersion is { } version && (first.Prompt ?? "") == prompt.Name && ReleaseOrder.CompareNames(version, prompt.Version) >= 0,
        _ => false,
    };

    private static bool IsLater(string release, string than, IReadOnlyList<string> newestFirst)
    {
        foreach (var one in newestFirst)
        {
            if (one == than) return false;
            if (one == release) return newestFirst.Contains(than, StringComparer.Ordinal);
        }

        return false;
    }
}

/// <summary>What the first call of a group of failures was made by; null where it did not say.</summary>
internal readonly record struct ErrorOrigin(string? Release, string? Prompt, string? PromptVersion);

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

    /// <param name="known">Null where no release was asked for.</param>
    internal bool Includes(ErrorOrigin first, KnownReleases? known) => this switch
    {
        Release release => first.Release is { } with && (with == release.Name || known?.IsLater(with, release.Name) == true),
        Prompt prompt => first.PromptVersion is { } version && (first.Prompt ?? "") == prompt.Name && ReleaseOrder.CompareNames(version, prompt.Version) >= 0,
        _ => false,
    };
}

/// <summary>What the first call of a group of failures was made by; null where it did not say.</summary>
internal readonly record struct ErrorOrigin(string? Release, string? Prompt, string? PromptVersion);

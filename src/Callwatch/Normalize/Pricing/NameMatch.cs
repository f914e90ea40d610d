using System.Text.RegularExpressions;

namespace Callwatch.Normalize.Pricing;

/// <summary>A match expression of the price data, on a name in lower case.</summary>
internal abstract record NameMatch
{
    /// <summary>Longest a regular expression that looks ahead or back may take: an operator's own might be a slow one. Generous, for on a busy machine time passes without work.</summary>
    public static readonly TimeSpan RegexLimit = TimeSpan.FromSeconds(2);

    public static readonly NameMatch Never = new Any([]);

    public abstract bool Holds(string name);

    public sealed record Equal(string Text) : NameMatch
    {
        public override bool Holds(string name) => name.Equals(Text, StringComparison.OrdinalIgnoreCase);
    }

    public sealed record StartsWith(string Text) : NameMatch
    {
        public override bool Holds(string name) => name.StartsWith(Text, StringComparison.OrdinalIgnoreCase);
    }

    public sealed record EndsWith(string Text) : NameMatch
    {
        public override bool Holds(string name) => name.EndsWith(Text, StringComparison.OrdinalIgnoreCase);
    }

    public sealed record Contains(string Text) : NameMatch
    {
        public override bool Holds(string name) => name.Contains(Text, StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>Searched anywhere, case as written.</summary>
    public sealed record Pattern(Regex Regex) : NameMatch
    {
        public override bool Holds(string name)
        {
            try
            {
                return Regex.IsMatch(name);
            }
            catch (RegexMatchTimeoutException)
            {
                return false;
            }
        }
    }

    public sealed record Any(IReadOnlyList<NameMatch> Parts) : NameMatch
    {
        public override bool Holds(string name) => Parts.Any(part => part.Holds(name));
    }

    public sealed record All(IReadOnlyList<NameMatch> Parts) : NameMatch
    {
        public override bool Holds(string name) => Parts.All(part => part.Holds(name));
    }
}

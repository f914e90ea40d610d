namespace Callwatch.Normalize;

/// <summary>User, session, tags and environment, which are often set on one span only: own, else the nearest ancestor's, else the root's.</summary>
internal sealed class Inheritance
{
    private readonly string?[] users;
    private readonly string?[] sessions;
    private readonly string?[] environments;
    private readonly IReadOnlyList<string>[] tags;
    private readonly int root;

    public Inheritance(IReadOnlyList<JudgedSpan> spans, SpanTree tree)
    {
        root = tree.Root;
        (users, sessions, environments, tags) = (new string?[spans.Count], new string?[spans.Count], new string?[spans.Count], new IReadOnlyList<string>[spans.Count]);
        foreach (var i in tree.ParentsFirst)
        {
            var (span, above) = (spans[i], tree.ParentOf(i));
            users[i] = span.UserId ?? (above < 0 ? null : users[above]);
            sessions[i] = span.SessionId ?? (above < 0 ? null : sessions[above]);
            environments[i] = span.Environment is { } named and not Environments.Default ? named : above < 0 ? null : environments[above];
            tags[i] = span.Tags.Count > 0 || above < 0 ? span.Tags : tags[above];
        }
    }

    public Verdict Into(Verdict verdict, int i) => verdict with
    {
        UserId = users[i] ?? (root < 0 ? null : users[root]),
        SessionId = sessions[i] ?? (root < 0 ? null : sessions[root]),
        Environment = environments[i] ?? (root < 0 ? null : environments[root]) ?? Environments.Default,
        Tags = tags[i].Count > 0 || root < 0 ? tags[i] : tags[root],
    };
}

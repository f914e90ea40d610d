namespace Callwatch.Client.Records;

/// <summary>What goes out together: records as JSON, or one judgement.</summary>
/// <param name="Items">The bytes of each.</param>
internal sealed record RecordPack(bool IsFeedback, IReadOnlyList<byte[]> Items)
{
    public string Path => IsFeedback ? "api/v1/feedback" : "api/v1/traces";

    /// <summary>The body of the request: a list of records, or the judgement as it is.</summary>
    public byte[] ToBody()
    {
        if (IsFeedback) return Items[0];
        using var body = new MemoryStream(Items.Sum(item => item.Length) + Items.Count + 2);
        body.WriteByte((byte)'[');
        for (var i = 0; i < Items.Count; i++)
        {
            if (i > 0) body.WriteByte((byte)',');
            body.Write(Items[i]);
        }

        body.WriteByte((byte)']');
        return body.ToArray();
    }

    /// <summary>Two halves of what was refused as a whole.</summary>
    public (RecordPack First, RecordPack Second) Halves() =>
        (this with { Items = [.. Items.Take(Items.Count / 2)] }, this with { Items = [.. Items.Skip(Items.Count / 2)] });
}

namespace Callwatch.Client.Capture;

/// <summary>The bytes of one body, up to a bound; beyond it there are none, for half a JSON text is none.</summary>
internal sealed class SeenBytes(int most)
{
    private byte[] bytes = [];

    public int Length { get; private set; }

    /// <summary>False once there were more than the bound.</summary>
    public bool IsWhole { get; private set; } = true;

    public ReadOnlySpan<byte> Bytes => IsWhole ? bytes.AsSpan(0, Length) : default;

    public void Add(ReadOnlySpan<byte> more)
    {
        if (!IsWhole) return;
        if (more.Length > most - Length)
        {
            (IsWhole, bytes, Length) = (false, [], 0);
            return;
        }

        if (Length + more.Length > bytes.Length) Array.Resize(ref bytes, (int)Math.Min(most, Math.Max(Length + (long)more.Length, Math.Max(4_096, bytes.Length * 2L))));
        more.CopyTo(bytes.AsSpan(Length));
        Length += more.Length;
    }

    public void Clear() => (IsWhole, Length) = (true, 0);
}

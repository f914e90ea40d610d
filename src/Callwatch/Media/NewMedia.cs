namespace Callwatch.Media;

/// <summary>Media on their way into a file.</summary>
/// <param name="AppId">The app whose span or log record refers to them.</param>
/// <param name="CopyTo">Gives the bytes piece by piece; a piece is good only while it is being taken.</param>
internal sealed record NewMedia(int AppId, MediaHash Hash, long Bytes, Action<Action<ReadOnlyMemory<byte>>> CopyTo);

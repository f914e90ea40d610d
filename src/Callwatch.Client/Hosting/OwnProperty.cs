using System.Globalization;

namespace Callwatch.Client.Hosting;

/// <summary>Names of what is hung on activities: a process may have several hosts, all of which see all activities, and each has things of its own.</summary>
internal static class OwnProperty
{
    private static int count;

    /// <summary>One that nobody else has.</summary>
    public static string Named(string name) => name + "#" + Interlocked.Increment(ref count).ToString(CultureInfo.InvariantCulture);
}

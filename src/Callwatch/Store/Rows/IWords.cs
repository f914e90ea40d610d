namespace Callwatch.Store.Rows;

/// <summary>The dictionary of one partition, read.</summary>
public interface IWords
{
    /// <summary>The text of an id that stands in a row of the same partition.</summary>
    string Word(long id);
}
